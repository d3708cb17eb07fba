from django.urls import include, path
from rest_framework import routers, serializers, viewsets
from rest_framework.authtoken.views import obtain_auth_token

from tweetcheck.models import Tweet


class TweetSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tweet
        fields = ["id", "handle", "body", "created"]


class TweetViewSet(viewsets.ModelViewSet):
    queryset = Tweet.objects.order_by("id")
    serializer_class = TweetSerializer

    def perform_create(self, serializer):
        serializer.save(author=self.request.user)


router = routers.DefaultRouter()
router.register("tweets", TweetViewSet)

urlpatterns = [
    path("api-token-auth/", obtain_auth_token),
    path("api/", include(router.urls)),
]
