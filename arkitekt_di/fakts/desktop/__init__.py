"""Choice of a hub, login and questions as widgets of a desktop program; needs PySide6."""
