curl "<BASE_URL>/api/v1/users/login" \
  -X POST \
  -H "Content-Type: application/json" \
  -d '{ "email": "alice@example.com", "password": "S3cur3p@ss" }'
