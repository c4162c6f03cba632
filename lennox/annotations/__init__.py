"""What people marked on a film, read once: COCO sets, shapes, which findings hit, groups that follow from the marks."""
