"""The Move binary file format: data classes, reader, writer, disassembler, source maps."""
