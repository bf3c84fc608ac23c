"""The project file to videos: layers, templates, loops, names."""
