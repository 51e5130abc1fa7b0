"""Image files: read into images, and written from them."""
