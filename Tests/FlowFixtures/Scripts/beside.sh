echo beside: true
