import JSON
import Testing

@Suite("ByteSearch")
struct ByteSearchTests {
    @Test("finds bytes and texts from an offset on, and never outside")
    func finds() {
        Array("abcabc".utf8).withUnsafeBytes { bytes in
            #expect(ByteSearch.offset(of: UInt8(ascii: "b"), in: bytes) == 1)
            #expect(ByteSearch.offset(of: UInt8(ascii: "b"), in: bytes, from: 2) == 4)
            #expect(ByteSearch.offset(of: UInt8(ascii: "b"), in: bytes, from: 6) == nil)
            #expect(ByteSearch.offset(of: "ca", in: bytes) == 2)
            #expect(ByteSearch.offset(of: "abc", in: bytes, from: 4) == nil)
            #expect(ByteSearch.contains("abcabc", in: bytes))
            #expect(!ByteSearch.contains("abcabca", in: bytes))
            #expect(ByteSearch.starts(bytes, with: "abc"))
            #expect(!ByteSearch.equal(bytes, "abc"))
        }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(!ByteSearch.contains("a", in: nothing))
        #expect(ByteSearch.offset(of: 0, in: nothing) == nil)
    }
}
