"""The command `movelite`: above authority and aggregator, the one place that knows both."""
