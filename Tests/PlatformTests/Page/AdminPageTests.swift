import HTTP
import Service
import Testing

@testable import Platform

@Suite("AdminPage")
struct AdminPageTests {
    @Test("The page and its files are there, small, and nothing inline may run")
    func files() throws {
        let house = try AdminFixture(chartScript: Array("window.Chart = 1".utf8))
        defer { house.stop() }
        var sizeBytes = 0
        for (path, type) in [
            ("/admin", "text/html"), ("/admin/admin.css", "text/css"), ("/admin/admin.js", "text/javascript"),
            ("/admin/chart.js", "text/javascript"), ("/admin/icon.svg", "image/svg+xml"),
        ] {
            let answer = try house.send("GET", path, [:])
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"]?.hasPrefix(type) == true)
            #expect(answer.headers["content-security-policy"] == PageFile.contentSecurityPolicy)
            sizeBytes += answer.text.utf8.count
        }
        // Chart.js itself has 200 kB.
        #expect(sizeBytes < 100_000)
        #expect(!EmbeddedAdmin.page.contains("<style") && !EmbeddedAdmin.page.contains("style="))
        #expect(!EmbeddedAdmin.page.contains("http://") && !EmbeddedAdmin.page.contains("https://"))
        #expect(!PageFile.contentSecurityPolicy.contains("unsafe"))
    }

    @Test("A browser that has the file is told so; without Chart.js an empty script stands there")
    func unchanged() throws {
        let house = try AdminFixture()
        defer { house.stop() }
        let first = try house.send("GET", "/admin/admin.js", [:])
        let etag = try #require(first.headers["etag"])
        #expect(try house.send("GET", "/admin/admin.js", ["if-none-match": etag]).status == 304)
        #expect(try house.send("GET", "/admin/admin.js", ["if-none-match": "\"x\""]).status == 200)
        #expect(try house.send("GET", "/admin/chart.js", [:]).text.hasPrefix("//"))
    }
}
