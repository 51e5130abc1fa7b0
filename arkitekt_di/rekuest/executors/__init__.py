"""Where bodies run: on the loop, in threads, in processes."""
