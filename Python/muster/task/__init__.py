"""One task: runs a step's body in a task folder, and what the body can use while it runs."""
