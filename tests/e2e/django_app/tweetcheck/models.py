from django.contrib.auth.models import User
from django.db import models


class Handle(models.Model):
    screen_name = models.CharField(max_length=15)
    owner = models.ForeignKey(User, on_delete=models.CASCADE)


class Tweet(models.Model):
    handle = models.ForeignKey(Handle, on_delete=models.CASCADE)
    author = models.ForeignKey(User, on_delete=models.CASCADE)
    body = models.CharField(max_length=280)
    created = models.DateTimeField(auto_now_add=True)
