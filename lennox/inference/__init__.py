"""The route of an image: quality, preparation, network, findings, examination."""
