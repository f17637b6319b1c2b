"""django-q2's own pages are hidden: runs and their errors have pages of ours."""

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

# The page of the queue is there only where the queue stands in the database.
admin.site.unregister([page for page in (Failure, OrmQ, Schedule, Success) if admin.site.is_registered(page)])
