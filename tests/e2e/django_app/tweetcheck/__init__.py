"""TweetCheck: the workshop's Django REST Framework application, as small as the exercise needs it."""
