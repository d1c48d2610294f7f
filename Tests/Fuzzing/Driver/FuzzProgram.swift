import FuzzCases
import Glibc

/// `fuzz CASE [libFuzzer's arguments]`: what libFuzzer's own main function calls; script/fuzz runs it.
enum FuzzProgram {
    /// The case that runs; set once, before the first input.
    nonisolated(unsafe) fileprivate static var chosen = FuzzCase.sse

    typealias Words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
}

/// Takes the case's name away from the arguments that libFuzzer reads.
@_cdecl("LLVMFuzzerInitialize")
func initializeFuzzing(
    _ count: UnsafeMutablePointer<Int32>, _ words: UnsafeMutablePointer<FuzzProgram.Words>
)
    -> Int32
{
    let named = count.pointee > 1 ? words.pointee[1].flatMap { FuzzCase(rawValue: String(cString: $0)) } : nil
    guard let named else {
        print(
            "usage: fuzz \(FuzzCase.allCases.map(\.rawValue).joined(separator: "|")) [libFuzzer's arguments]")
        exit(64)
    }
    FuzzProgram.chosen = named
    words.pointee[1] = words.pointee[0]
    words.pointee += 1
    count.pointee -= 1
    return 0
}

/// Reads one input; a broken promise ends the program as a crash does.
@_cdecl("LLVMFuzzerTestOneInput")
func takeFuzzInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let complaint = FuzzProgram.chosen.complaint(about: bytes) { fatalError(complaint) }
    return 0
}
