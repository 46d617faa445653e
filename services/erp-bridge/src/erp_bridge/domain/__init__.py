"""What the bridge decides: pure functions over plain values."""
