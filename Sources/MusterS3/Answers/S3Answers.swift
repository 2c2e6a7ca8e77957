import FoundationEssentials
import MusterAWS
import MusterObjects

/// The bodies of the answers that are read.
enum S3Answers {
    /// A page of ListObjectsV2 with `encoding-type=url`, without `prefix` before its keys; nil when it is none.
    static func page(_ body: Data, removing prefix: String) -> ObjectPage? {
        guard let root = XMLElement.read(body), root.name == "ListBucketResult" else { return nil }
        let isEncoded = root["EncodingType"]?.text == "url"
        let key = { (text: String) -> String? in
            guard let key = isEncoded ? PercentEncoding.decode(text) : text, key.utf8.starts(with: prefix.utf8) else {
                return nil
            }
            return String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        }
        var page = ObjectPage()
        for element in root.all("Contents") {
            guard let name = element["Key"].flatMap({ key($0.text) }),
                let size = element["Size"].flatMap({ Int($0.text) })
            else { return nil }
            page.objects.append(ObjectInfo(key: name, size: size, stamp: element["ETag"]?.text ?? ""))
        }
        for element in root.all("CommonPrefixes") {
            guard let name = element["Prefix"].flatMap({ key($0.text) }) else { return nil }
            page.folders.append(name)
        }
        if root["IsTruncated"]?.text == "true" {
            guard let token = root["NextContinuationToken"]?.text, !token.isEmpty else { return nil }
            page.next = PageToken(token)
        }
        return page
    }

    /// The identity of a multipart upload that was begun; nil when the answer is another one.
    static func upload(_ body: Data) -> String? {
        guard let root = XMLElement.read(body), root.name == "InitiateMultipartUploadResult" else { return nil }
        return root["UploadId"]?.text
    }

    /// The keys that DeleteObjects could not remove; nil when the answer is another one.
    static func undeleted(_ body: Data) -> [String]? {
        guard let root = XMLElement.read(body), root.name == "DeleteResult" else { return nil }
        return root.all("Error").compactMap { $0["Key"]?.text }
    }
}

/// The bodies of requests.
enum S3Bodies {
    /// The parts' tags, in order.
    static func complete(_ tags: [String]) -> Data {
        let parts = tags.enumerated().map { number, tag in
            "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\(self.escaped(tag))</ETag></Part>"
        }
        return Data("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
    }

    static func delete(_ keys: [String]) -> Data {
        let objects = keys.map { "<Object><Key>\(self.escaped($0))</Key></Object>" }
        return Data("<Delete><Quiet>true</Quiet>\(objects.joined())</Delete>".utf8)
    }

    /// False for keys that XML cannot hold: control characters.
    static func canHold(_ key: String) -> Bool {
        key.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0xFFFE && $0.value != 0xFFFF }
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
