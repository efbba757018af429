"""Running the regression of an emitted folder, and judging what comes back."""
