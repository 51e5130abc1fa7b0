"""What tests of apps, and of other implementations, can build on."""
