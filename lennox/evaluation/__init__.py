"""How good a model is: figures with intervals, robustness, pages and the model card. Needs no PyTorch."""
