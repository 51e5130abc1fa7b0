"""GraphQL as the services of a hub speak it: bounds, failures, who asks, and WebSockets."""
