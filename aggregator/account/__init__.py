"""The client library: many transactions in flight from one address, without ever equivocating."""
