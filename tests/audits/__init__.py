"""Audits by others: the GraphQL-over-HTTP suite of npm's graphql-http against a server of ours.

`make audits`, or `python -m tests.audits`; needs node and npm.
"""
