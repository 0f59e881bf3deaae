"""The embedded servers, and the supervisor that keeps Planner's processes running."""
