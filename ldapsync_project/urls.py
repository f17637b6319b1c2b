"""Addresses of the site: the admin is the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from syncapp.views import monitoring

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", monitoring.healthz, name="healthz"),
    path("readyz", monitoring.readyz, name="readyz"),
    path("metrics", monitoring.metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
