internal import CMusterPlatform
internal import Glibc
internal import MusterModel

/// Reading what processes write, and writing what they read.
extension ReactorLoop {
    // MARK: Output

    /// Reads what is there, at most one buffer full, so that one flood does not starve the others.
    func readOutput(of child: ChildProcess, _ stream: ProcessStream) {
        guard let pipe = child.outputs[stream] else { return }
        let count = self.readChunk(pipe.descriptor)
        if count > 0 {
            child.deliver(stream, UnsafeRawBufferPointer(rebasing: self.buffer[..<count]))
        } else if count == 0 {
            self.endOutput(of: child, stream)
        }
    }

    /// Delivers the bytes that are in the pipes now, and no later ones: a background process may write without end.
    func drainOutput(of child: ChildProcess) {
        for stream in [ProcessStream.standardOutput, .standardError] {
            guard let pipe = child.outputs[stream] else { continue }
            var waiting = Int(muster_bytes_waiting(pipe.descriptor))
            while waiting > 0 {
                let count = self.readChunk(pipe.descriptor)
                guard count > 0 else { break }
                child.deliver(stream, UnsafeRawBufferPointer(rebasing: self.buffer[..<count]))
                waiting -= count
            }
        }
    }

    func holdOutput() {
        self.outputHolds += 1
        guard self.outputHolds == 1 else { return }
        for case .output(let child, let stream) in self.sources.values {
            guard let pipe = child.outputs[stream] else { continue }
            // Removed from epoll, which reports EPOLLHUP even for an empty event mask.
            var event = epoll_event()
            epoll_ctl(self.poller, EPOLL_CTL_DEL, pipe.descriptor, &event)
        }
    }

    func resumeOutput() {
        self.outputHolds -= 1
        guard self.outputHolds == 0 else { return }
        for case .output(let child, let stream) in self.sources.values {
            guard let pipe = child.outputs[stream] else { continue }
            var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: pipe.id))
            epoll_ctl(self.poller, EPOLL_CTL_ADD, pipe.descriptor, &event)
        }
    }

    func closeOutput(of child: ChildProcess) {
        for stream in [ProcessStream.standardOutput, .standardError] { self.endOutput(of: child, stream) }
    }

    private func endOutput(of child: ChildProcess, _ stream: ProcessStream) {
        guard let pipe = child.outputs.removeValue(forKey: stream) else { return }
        self.remove(pipe.descriptor, id: pipe.id)
        close(pipe.descriptor)
        child.deliverOutputEnd()
    }

    /// Bytes read into the buffer; 0 at the end, and for a descriptor that cannot be read; -1 when there is nothing now.
    private func readChunk(_ descriptor: CInt) -> Int {
        while true {
            let count = Glibc.read(descriptor, self.buffer.baseAddress, self.buffer.count)
            if count >= 0 { return count }
            if errno == EAGAIN { return -1 }
            guard errno == EINTR else { return 0 }
        }
    }

    // MARK: Input

    func write(_ piece: ProcessInput.Piece, to child: ChildProcess) {
        guard child.input.descriptor != nil, !child.input.closesWhenEmpty else {
            piece.onWritten?(false)
            return
        }
        child.input.pieces.append(piece)
        if child.input.pieces.count == 1 { self.writeInput(of: child) }
    }

    func inputReady(of child: ChildProcess, events: UInt32) {
        if events & EPOLLERR.rawValue != 0 {
            self.closeInput(of: child, atOnce: true)
        } else {
            self.writeInput(of: child)
        }
    }

    /// Ends the input: at once, or when everything that waits has been written.
    func closeInput(of child: ChildProcess, atOnce: Bool) {
        guard let descriptor = child.input.descriptor else { return }
        child.input.closesWhenEmpty = true
        guard atOnce || child.input.pieces.isEmpty else { return }
        self.remove(descriptor, id: child.input.id)
        close(descriptor)
        let unwritten = child.input.pieces
        child.input = ProcessInput()
        for piece in unwritten { piece.onWritten?(false) }
    }

    private func writeInput(of child: ChildProcess) {
        while let descriptor = child.input.descriptor, let piece = child.input.pieces.first {
            let rest = piece.bytes.count - child.input.offset
            let count = piece.bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: child.input.offset), rest)
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            guard count >= 0 else { return self.closeInput(of: child, atOnce: true) }
            child.input.offset += count
            guard child.input.offset == piece.bytes.count else { continue }
            child.input.pieces.removeFirst()
            child.input.offset = 0
            piece.onWritten?(true)
        }
        guard let descriptor = child.input.descriptor else { return }
        if child.input.pieces.isEmpty, child.input.closesWhenEmpty {
            self.closeInput(of: child, atOnce: true)
        } else {
            self.change(descriptor, id: child.input.id, events: child.input.pieces.isEmpty ? 0 : EPOLLOUT.rawValue)
        }
    }

    // MARK: Watched descriptors

    func watch(
        _ descriptor: CInt, id: UInt64, onRead: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) {
        let watched = Watched(descriptor: descriptor, onRead: onRead, onEnd: onEnd)
        guard !self.add(descriptor, id: id, events: EPOLLIN.rawValue, as: .watched(watched)) else { return }
        // A regular file cannot be waited for: it is always ready.
        self.sources[id] = .watched(watched)
        while self.sources[id] != nil { self.read(watched, id: id) }
    }

    func unwatch(_ id: UInt64) {
        guard case .watched(let watched) = self.sources[id] else { return }
        self.remove(watched.descriptor, id: id)
    }

    func read(_ watched: Watched, id: UInt64) {
        let count = self.readChunk(watched.descriptor)
        if count > 0 {
            watched.onRead(UnsafeRawBufferPointer(rebasing: self.buffer[..<count]))
        } else if count == 0 {
            self.unwatch(id)
            watched.onEnd()
        }
    }
}
