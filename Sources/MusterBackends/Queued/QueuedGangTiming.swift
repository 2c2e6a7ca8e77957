/// How long a gang at a place with a queue waits for what; seconds. Data, so that tests need not wait.
package struct QueuedGangTiming: Sendable, Hashable {
    /// Silence of the store after which a job that is over has left no report. NFS keeps for a minute at most that a file
    /// is not there.
    package var silence = 90.0
    /// How long a reason that can never go away has to last: schedulers say some of them for a moment.
    package var hopeless = 15.0
    /// How long nodes that run may take to write a first word.
    package var firstWord = 300.0
    /// Between questions which nodes of a job have ended, while it runs and not all have come.
    package var inspection = 15.0
    /// How long submissions that fail are repeated, and after how long each.
    package var submission = 1800.0
    package var submissionDelays: [Double] = [5, 10, 20, 40, 60]
    /// From the wish to end until the job is cancelled.
    package var endGrace = 5.0
    /// How long a gang that was ended may take to show its report once its job is over.
    package var settle = 5.0
    /// From the report until the job is cancelled that should have left by itself.
    package var departure = 15.0
    /// The same when a node was lost: srun waits for that node half a minute, with all others held.
    package var departureAfterLoss = 1.0
    /// How long the scheduler has, after a node was lost, to say that the job has used up its memory or time: the loss of a
    /// machine it notices much later.
    package var explanationOfLoss = 3.0
    package var cancelAgain = 30.0
    /// How long it is tried to end a job.
    package var abandon = 300.0
    /// How long the scheduler may say nothing before it is told.
    package var patience = 60.0
    /// How long some nodes may hold machines while others have none, at a place that gives them one by one: two gangs of
    /// which each holds what the other waits for would wait for ever.
    package var placement = 240.0
    /// After how long such a gang asks again, at random in between: the other one is to have its machines by then.
    package var reunion: ClosedRange<Double> { self.placement / 8...self.placement / 2 }
    /// How long the job may wait in the queue; nil for ever.
    package var queue: Double?

    /// How long a job waits for another attempt after one has succeeded.
    package var reuseWait = 2.0

    package init() {}
}
