from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

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

class Question(_message.Message):
    __slots__ = ("id", "method", "bcs")
    ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    BCS_FIELD_NUMBER: _ClassVar[int]
    id: int
    method: str
    bcs: bytes
    def __init__(self, id: _Optional[int] = ..., method: _Optional[str] = ..., bcs: _Optional[bytes] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("id", "response")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    id: int
    response: Response
    def __init__(self, id: _Optional[int] = ..., response: _Optional[_Union[Response, _Mapping]] = ...) -> None: ...
