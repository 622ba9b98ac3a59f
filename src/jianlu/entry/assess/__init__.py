"""`jianlu assess`: what a buyer can ask of a running home again and again, looked at now and signed.

`model` is an answer, `security`, `compliance` and `performance` look, `statement` is the signed text (`specs/assessment.md`).
"""
