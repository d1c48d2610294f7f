import Crypto
import Testing

@Suite("Hashing and encodings")
struct CryptoTests {
    @Test(
        "SHA-256 of the FIPS 180 examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func hashes(text: String, hex: String) {
        #expect(SHA256.hash(of: text).hex == hex)
        #expect(Digest(hex: hex) == SHA256.hash(of: text))
    }

    @Test("a context is used again, in pieces")
    func reuse() {
        var hash = SHA256()
        for _ in 1...3 {
            hash.update(Array("a".utf8))
            hash.update(Array("bc".utf8))
            let digest = hash.finish()
            #expect(digest == SHA256.hash(of: "abc"))
        }
    }

    @Test(
        "HMAC-SHA-256 of RFC 4231",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func codes(key: [UInt8], message: String, hex: String) throws {
        let code = HMACSHA256.code(of: Array(message.utf8), key: key)
        #expect(code.hex == hex)
        #expect(HMACSHA256.isValid(code.bytes, of: Array(message.utf8), key: key))
        var wrong = code.bytes
        wrong[31] ^= 1
        #expect(!HMACSHA256.isValid(wrong, of: Array(message.utf8), key: key))
        #expect(!HMACSHA256.isValid(Array(code.bytes.dropLast()), of: Array(message.utf8), key: key))
        #expect(!HMACSHA256.isValid([], of: Array(message.utf8), key: key))
    }

    @Test("an empty key and message have a code")
    func emptyCode() {
        #expect(
            HMACSHA256.code(of: [], key: []).hex
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("hexadecimal goes both ways and takes lower case only")
    func hex() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(all)) == all)
        #expect(Hex.decode("") == [])
        for wrong in ["0", "0G", "AB", "0x", " 1", "é", "``", "::", "g0", "/0"] {
            #expect(Hex.decode(wrong) == nil)
        }
        #expect(Digest(hex: "00") == nil)
        #expect(Digest(hex: String(repeating: "F", count: 64)) == nil)
    }

    @Test(
        "base64url of RFC 4648, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64URL(text: String, encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(text.utf8))
    }

    @Test("base64url has one spelling for given bytes")
    func base64URLIsStrict() {
        let all = (0...255).map { UInt8($0) }
        #expect(Base64URL.decode(Base64URL.encode(all)) == all)
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
        for wrong in ["Zg==", "Z", "Zh", "Zm9", "+_8", "Zm 9v", "Zm9vé", "Zm9v\n"] {
            #expect(Base64URL.decode(wrong) == nil)
        }
    }

    @Test("random bytes differ")
    func random() {
        #expect(Random.bytes(32).count == 32)
        #expect(Random.bytes(32) != Random.bytes(32))
        #expect(Random.bytes(0) == [])
    }
}
