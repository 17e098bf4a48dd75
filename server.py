"""Puts the parts together; `touchstone serve` hands uvicorn the string "server:create"."""
