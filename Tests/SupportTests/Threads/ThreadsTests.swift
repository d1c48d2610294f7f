import Synchronization
import Testing
import Threads

@Suite("Threads")
struct ThreadsTests {
    @Test("a queue keeps the order and refuses what does not fit")
    func bounded() {
        let queue = BlockingQueue<Int>(countMax: 3)
        #expect([1, 2, 3, 4].map { queue.push($0) } == [true, true, true, false])
        #expect(queue.pop() == 1)
        #expect(queue.push(5))
        #expect(queue.popMany(countMax: 2) == [2, 3])
        #expect(queue.popMany(countMax: 9) == [5])
        #expect(queue.count == 0)
    }

    @Test("a closed queue gives what it has, then nothing")
    func closed() {
        let queue = BlockingQueue<Int>(countMax: 3)
        #expect(queue.push(1))
        queue.close()
        #expect(!queue.push(2))
        #expect(queue.pop() == 1)
        #expect(queue.pop() == nil)
        #expect(queue.popMany(countMax: 5) == nil)
    }

    @Test("a wait for elements ends after its time")
    func timeout() {
        let queue = BlockingQueue<Int>(countMax: 3)
        #expect(queue.popMany(countMax: 1, timeoutMilliseconds: 1) == [])
        #expect(queue.push(1))
        #expect(queue.popMany(countMax: 1, timeoutMilliseconds: 1) == [1])
        #expect(!Semaphore().wait(timeoutMilliseconds: 1))
        #expect(Semaphore(value: 1).wait(timeoutMilliseconds: 1100))
    }

    @Test("every element of four producers reaches one of three consumers, once")
    func manyThreads() throws {
        let queue = BlockingQueue<Int>(countMax: 10_000)
        let taken = Lock<[Int]>([])
        let consumers = try (0..<3).map { index in
            try Thread(named: "consumer-\(index)") {
                while let some = index == 0 ? queue.popMany(countMax: 7) : queue.pop().map({ [$0] }) {
                    taken.withLock { $0 += some }
                }
            }
        }
        let producers = try (0..<4).map { index in
            try Thread(named: "producer-\(index)") {
                for number in 0..<1000 { _ = queue.push(index * 1000 + number) }
            }
        }
        for producer in producers { producer.join() }
        queue.close()
        for consumer in consumers { consumer.join() }
        #expect(taken.withLock { $0.sorted() } == Array(0..<4000))
    }

    @Test("an actor on a thread executor runs on that thread, one job after another")
    func executor() async throws {
        let executor = try ThreadExecutor(named: "test")
        let counter = Counter(executor)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { await counter.add() } }
        }
        #expect(await counter.count == 100)
        #expect(await counter.wasElsewhere == false)
        #expect(!executor.isCurrent)
        executor.stop()
    }
}

/// An actor that checks where it runs.
private actor Counter {
    let executor: ThreadExecutor
    var count = 0
    var wasElsewhere = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ executor: ThreadExecutor) { self.executor = executor }

    func add() {
        count += 1
        if !executor.isCurrent { wasElsewhere = true }
        executor.checkIsolated()
    }
}
