curl "<BASE_URL>/api/v1/users/profile/update" \
  -X POST \
  -H "x-api-key: YOUR_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{ "name": "Alice Smith", "timezone": "Australia/Brisbane", "notification_emails": true }'
