"""TweetCheck's commands: manage.py prepare makes the database with one user, one handle and twenty tweets."""
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tweetcheck.settings")


def prepare():
    import django
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from tweetcheck.models import Handle, Tweet
    call_command("migrate", run_syncdb=True, verbosity=0)
    user = User.objects.create_superuser("admin@tweetcheck.com", "admin@tweetcheck.com", "admin")
    handle = Handle.objects.create(screen_name="tweetcheck", owner=user)
    for number in range(20):
        Tweet.objects.create(handle=handle, author=user, body=f"Tweet {number}")


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
    else:
        from django.core.management import execute_from_command_line
        execute_from_command_line(sys.argv)
