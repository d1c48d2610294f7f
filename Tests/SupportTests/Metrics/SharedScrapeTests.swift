import Metrics
import Synchronization
import Testing
import Threads

@Suite("SharedScrape")
struct SharedScrapeTests {
    @Test("renders once for everyone within its time, and again after it")
    func rendersOnce() {
        let renders = Lock<UInt8>(0)
        let scrape = SharedScrape(ageMillisecondsMax: 250) { _ in
            renders.withLock { count in
                count += 1
                return [count]
            }
        }
        #expect(scrape.text(.prometheusText, nowNanoseconds: 0) == [1])
        #expect(scrape.text(.prometheusText, nowNanoseconds: 249_999_999) == [1])
        #expect(scrape.text(.openMetrics, nowNanoseconds: 249_999_999) == [2])
        #expect(scrape.text(.prometheusText, nowNanoseconds: 250_000_000) == [3])
    }
}
