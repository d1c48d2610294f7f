internal import JSON

extension CallRequest {
    /// Adds what the tools of `root` can bring about.
    ///
    /// A provider may read the last of repeated keys where others read the first: each counts.
    mutating func readTools(_ root: JSONValue, kind: APIKind) {
        // A chat with a model made for it is searched for once, asked or not.
        if kind == .chatCompletions, model?.contains("-search") ?? false { allowSearches(1) }
        for tool in (root["tools"] ?? root).array {
            tools += 1
            readTool(tool)
        }
        if let options = root["web_search_options"], !options.isNull { allowSearches(nil) }
        if let servers = root["mcp_servers"], !servers.isNull { hasProviderTools = true }
        for fallback in (root["fallbacks"] ?? root).array { noteModels(of: fallback) }
        if let management = root["context_management"] { readEdits(of: management) }
    }

    /// Notes whether an edit of the context makes a summary of it: an answer of its own.
    private mutating func readEdits(of management: JSONValue) {
        var edits = Array(management.array)
        for (key, value) in management.object where key == "edits" { edits += Array(value.array) }
        for edit in edits {
            for (key, value) in edit.object where key == "type" && value.beginsWith("compact") {
                mayCompact = true
            }
        }
    }

    private mutating func readTool(_ tool: JSONValue) {
        var isSearch = false
        var limits: [Int64?] = []
        for (key, value) in tool.object {
            switch key {
            case "type":
                if value.beginsWith("web_search") { isSearch = true }
                let isOwn = value.isString("function") || value.isString("custom")
                if !isOwn { hasProviderTools = true }
            case "google_search", "googleSearch", "google_search_retrieval", "googleSearchRetrieval":
                isSearch = true
                hasProviderTools = true
            case "urlContext", "url_context", "codeExecution", "code_execution", "fileSearch", "file_search",
                "googleMaps", "google_maps":
                hasProviderTools = true
            case "max_uses": limits.append(value.int64)
            default: break
            }
        }
        if UnpricedTool.isOffered(tool) { hasUnpricedTools = true }
        // The fee stands for the model that draws.
        if !UnpricedTool.isAll(tool) { noteModels(of: tool) }
        guard isSearch else { return }
        let isLimited = !limits.isEmpty && limits.allSatisfy { ($0 ?? -1) >= 0 }
        allowSearches(isLimited ? limits.compactMap(\.self).max() : nil)
    }

    private mutating func noteModels(of object: JSONValue) {
        for (key, value) in object.object where key == "model" {
            if let model = value.string { otherModels.insert(model) }
        }
    }

    /// Allows for `count` more searches; nil: any number.
    private mutating func allowSearches(_ count: Int64?) {
        hasWebSearch = true
        guard let sum = webSearchesMax, let count else {
            webSearchesMax = nil
            return
        }
        let (total, overflow) = sum.addingReportingOverflow(count)
        webSearchesMax = overflow ? nil : total
    }
}
