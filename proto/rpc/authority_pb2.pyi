from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Request(_message.Message):
    __slots__ = ("bcs",)
    BCS_FIELD_NUMBER: _ClassVar[int]
    bcs: bytes
    def __init__(self, bcs: _Optional[bytes] = ...) -> None: ...

class Response(_message.Message):
    __slots__ = ("bcs", "error")
    BCS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    bcs: bytes
    error: bytes
    def __init__(self, bcs: _Optional[bytes] = ..., error: _Optional[bytes] = ...) -> None: ...
