curl "<BASE_URL>/api/v1/users/password/change" \
  -X POST \
  -H "x-api-key: YOUR_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{ "old_password": "S3cur3p@ss", "new_password": "N3wp@ss!" }'
