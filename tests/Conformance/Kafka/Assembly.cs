// Most cases start brokers of their own: one at a time keeps their timing honest.
[assembly: DoNotParallelize]
