internal import CExpat

/// Reads XML from a server as events: elements and their text, without attributes.
///
/// Documents with a DOCTYPE are refused, so there are no entities to expand.
package enum XMLReader {
    /// What is met, in order.
    package enum Event: Sendable, Equatable {
        case start(String)
        /// All text directly below an element up to its end, or to the next element.
        case end(String, text: String)
    }

    /// No answer of S3 nests deeper.
    fileprivate static let maximumDepth = 32

    /// Calls `body` with each event.
    ///
    /// - Throws: ``XMLError`` for what is not well-formed, what `body` throws.
    package static func read(_ bytes: [UInt8], _ body: @escaping (Event) throws -> Void) throws {
        let state = ParserState(body)
        guard let parser = unsafe XML_ParserCreate(nil) else { throw XMLError("out of memory") }
        defer { unsafe XML_ParserFree(parser) }
        unsafe state.parser = unsafe parser
        // SAFETY: `state` outlives the parser, which is freed when this function returns.
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(state).toOpaque())
        unsafe XML_SetElementHandler(parser, startElement, endElement)
        unsafe XML_SetCharacterDataHandler(parser, characters)
        unsafe XML_SetStartDoctypeDeclHandler(parser, doctype)
        let status = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) {
                unsafe XML_Parse(parser, $0.baseAddress, Int32(clamping: $0.count), 1)
            }
        }
        if let error = state.error { throw error }
        guard status == XML_STATUS_OK else {
            throw XMLError(unsafe String(cString: XML_ErrorString(XML_GetErrorCode(parser))))
        }
    }
}

/// Why a document cannot be read.
package struct XMLError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// What the callbacks share.
@safe private final class ParserState {
    let body: (XMLReader.Event) throws -> Void
    // SAFETY: valid while the parser runs, which is the only time it is used.
    var parser: XML_Parser?
    var text: [UInt8] = []
    var depth = 0
    var error: (any Error)?

    init(_ body: @escaping (XMLReader.Event) throws -> Void) { self.body = body }

    func tell(_ event: XMLReader.Event) {
        // A parser that was stopped may still tell of the end of an empty element.
        guard error == nil else { return }
        do { try body(event) } catch { fail(error) }
    }

    func fail(_ error: any Error) {
        if self.error == nil { self.error = error }
        if let parser = unsafe parser { unsafe XML_StopParser(parser, 0) }
    }

    func start(_ name: String) {
        depth += 1
        guard depth <= XMLReader.maximumDepth else { return fail(XMLError("elements nest too deep")) }
        text.removeAll(keepingCapacity: true)
        tell(.start(name))
    }

    func end(_ name: String) {
        depth -= 1
        tell(.end(name, text: String(decoding: text, as: UTF8.self)))
        text.removeAll(keepingCapacity: true)
    }
}

// SAFETY: each callback gets the pointer that `read` gave, while its `state` lives.

private func state(_ pointer: UnsafeMutableRawPointer?) -> ParserState? {
    unsafe pointer.map { unsafe Unmanaged<ParserState>.fromOpaque($0).takeUnretainedValue() }
}

/// The name without a prefix: some servers write `<s3:Key>`.
private func localName(_ name: UnsafePointer<CChar>?) -> String {
    guard let name = unsafe name else { return "" }
    let text = unsafe String(cString: name)
    return text.lastIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? text
}

private let startElement: XML_StartElementHandler = { pointer, name, _ in
    unsafe state(pointer)?.start(unsafe localName(name))
}

private let endElement: XML_EndElementHandler = { pointer, name in
    unsafe state(pointer)?.end(unsafe localName(name))
}

private let characters: XML_CharacterDataHandler = { pointer, bytes, count in
    guard let bytes = unsafe bytes else { return }
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: Int(count))
    unsafe state(pointer)?.text.append(contentsOf: buffer)
}

private let doctype: XML_StartDoctypeDeclHandler = { pointer, _, _, _, _ in
    unsafe state(pointer)?.fail(XMLError("a document type is declared"))
}
