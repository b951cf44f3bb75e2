import Gatehouse

/// What `serve` does with a connection.
enum Service: String, Sendable {
    case www
    case echo

    /// Takes the connection over; it is called on the connection's loop.
    func serve(_ socket: isolated SSLSocket) {
        switch self {
        case .www: WebService.serve(socket)
        case .echo: EchoService.serve(socket)
        }
    }
}

/// Sends back what comes.
private enum EchoService {
    static func serve(_ socket: isolated SSLSocket) {
        socket.readyRead.connect { echo($0) }
        // When the peer does not read, we stop reading, until there is room again.
        socket.bytesWritten.connect { socket, _ in echo(socket) }
        // Somebody's replay may be sent back to them: nothing comes of it.
        socket.write(socket.readEarlyData())
        echo(socket)
    }

    private static func echo(_ socket: isolated SSLSocket) {
        let room = socket.writeBufferSize - socket.bytesToWrite
        if room > 0 && socket.bytesAvailable > 0 { socket.write(socket.read(room)) }
    }
}

/// Answers an HTTP/1.1 GET with what was negotiated.
private enum WebService {
    private static let longestRequest = 16 * 1024
    private static let requestTime = Duration.seconds(30)

    static func serve(_ socket: isolated SSLSocket) {
        let deadline = socket.loop.deadline(after: requestTime) { [weak socket] in
            socket?.perform { $0.abort() }
        }
        socket.disconnected.connect { _, _ in deadline.cancel() }
        // A GET may be repeated, so that it may come as early data.
        let early = socket.readEarlyData()
        socket.readyRead.connect { answer($0, early) }
        answer(socket, early)
    }

    private static func answer(_ socket: isolated SSLSocket, _ early: [UInt8]) {
        let request = early + socket.peek(max(0, longestRequest - early.count))
        if let end = request.endOfHeader {
            let method = request[..<end].prefix { $0 != UInt8(ascii: " ") }
            if method.elementsEqual("GET".utf8) {
                respond(socket, "200 OK", page(for: socket))
            } else {
                respond(socket, "405 Method Not Allowed", "only GET is answered here\n", header: "Allow: GET\r\n")
            }
        } else if request.count >= longestRequest {
            respond(socket, "431 Request Header Fields Too Large", "the request is too long\n")
        }
    }

    private static func page(for socket: isolated SSLSocket) -> String {
        var lines = socket.session?.summary ?? []
        if let duration = socket.handshakeDuration { lines.append(("handshake time", duration.milliseconds)) }
        let width = lines.map(\.name.count).max() ?? 0
        return lines.map { line in
            "\(line.name):\(String(repeating: " ", count: width - line.name.count + 1))\(line.value)\n"
        }.joined()
    }

    private static func respond(
        _ socket: isolated SSLSocket, _ status: String, _ body: String, header: String = ""
    ) {
        socket.write(
            """
            HTTP/1.1 \(status)\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \(header)\r
            \(body)
            """.utf8)
        socket.disconnectFromHost()
    }
}

extension [UInt8] {
    /// Where the empty line stands that ends a header.
    fileprivate var endOfHeader: Int? {
        let lineFeed = UInt8(ascii: "\n")
        let carriageReturn = UInt8(ascii: "\r")
        var lineStart = 0
        for index in indices where self[index] == lineFeed {
            let line = self[lineStart..<index]
            if line.isEmpty || line.elementsEqual([carriageReturn]) { return index }
            lineStart = index + 1
        }
        return nil
    }
}
