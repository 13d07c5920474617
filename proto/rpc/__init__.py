"""The gRPC service definition (BCS bytes inside protobuf) and its generated stubs."""
