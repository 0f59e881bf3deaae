"""A believable company to look at: `plan` says what there is, without a database; `fill` writes it."""
