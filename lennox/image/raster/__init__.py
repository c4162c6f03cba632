"""PNG, JPEG, TIFF, WebP and BMP files become pixels; Pillow decodes them."""
