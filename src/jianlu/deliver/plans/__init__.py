"""A plan as a compliance officer reads it, in Chinese or English."""

from jianlu.deliver.plans.render import render_plan

__all__ = ["render_plan"]
