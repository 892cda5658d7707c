"""What people read of a run: one module and one template for each report."""
