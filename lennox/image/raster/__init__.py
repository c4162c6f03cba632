"""PNG, JPEG, TIFF, WebP and BMP become pixels."""
