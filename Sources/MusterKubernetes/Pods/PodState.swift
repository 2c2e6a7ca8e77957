import MusterBackends

/// Kubernetes's words about one pod, as Muster's states. Pure.
enum PodState {
    // MARK: - Waiting

    /// The reason of a pod that has its machine and nothing to complain about.
    static let creating = "ContainerCreating"

    /// Why the pod does not run; nil when it runs or has ended.
    static func wait(_ pod: Pod) -> JobWait? {
        guard pod.own?.state?.running == nil, self.end(pod) == nil else { return nil }
        let containers = (pod.status?.initContainerStatuses ?? []) + (pod.status?.containerStatuses ?? [])
        for container in containers {
            if let waiting = container.state?.waiting, let wait = self.wait(waiting) { return wait }
        }
        if let scheduled = pod.condition("PodScheduled"), scheduled.status != "True" {
            return JobWait(
                reason: [scheduled.reason, scheduled.message].compactMap(\.self).joined(separator: ": "),
                advice: self.advice(scheduled))
        }
        if pod.spec?.nodeName == nil { return JobWait(reason: "Pending") }
        return JobWait(reason: self.creating, advice: "its machine is there, and the container is being made")
    }

    private static func wait(_ waiting: Pod.ContainerStatus.Waiting) -> JobWait? {
        let reason = waiting.reason ?? ""
        // Every container that has nothing of its own to say waits so.
        if ["", "ContainerCreating", "PodInitializing"].contains(reason) { return nil }
        let words = [reason, waiting.message].compactMap(\.self).joined(separator: ": ")
        switch reason {
        case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError":
            return self.pull(words, isNever: reason == "ErrImageNeverPull")
        case "InvalidImageName":
            return JobWait(reason: words, advice: "mend the image's name", isHopeless: true)
        case "CreateContainerConfigError":
            return JobWait(
                reason: words, advice: "a Secret, a ConfigMap or a user that the container names is not there",
                isHopeless: true)
        case "CreateContainerError", "RunContainerError", "CrashLoopBackOff":
            return JobWait(reason: words, advice: "the container cannot be started", isHopeless: true)
        default: return JobWait(reason: words)
        }
    }

    /// Words of registries that mean that there will never be such an image, or not for this user.
    private static let refusals = [
        "not found", "manifest unknown", "unauthorized", "authentication required", "access denied", "forbidden",
        "no such host", "invalid reference", "does not exist", "pull access denied",
    ]
    /// Words of registries that ask for patience.
    private static let patience = ["toomanyrequests", "too many requests", "429", "timeout", "timed out", "503", "500"]

    private static func pull(_ words: String, isNever: Bool) -> JobWait {
        let lower = words.lowercased()
        if isNever {
            return JobWait(
                reason: words, advice: "the machine does not have the image, and its image_pull_policy is Never",
                isHopeless: true)
        }
        if self.patience.contains(where: lower.contains) {
            return JobWait(reason: words, advice: "the registry asks for patience; it is tried again")
        }
        guard self.refusals.contains(where: lower.contains) else { return JobWait(reason: words) }
        return JobWait(
            reason: words,
            advice: "mend the image's name, or name a Secret with the registry's password in image_pull_secrets",
            isHopeless: true)
    }

    private static func advice(_ scheduled: Pod.Condition) -> String? {
        let message = scheduled.message ?? ""
        // "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
        if let range = message.firstRange(of: "Insufficient ") {
            let resource = message[range.upperBound...].prefix { !", .;".contains($0) || $0 == "." }
            let name = resource.hasSuffix(".") ? resource.dropLast() : resource
            return "no machine has enough \(name) free: it waits for one, or for the cluster to grow; or ask for less"
        }
        if message.contains("node selector") || message.contains("node affinity") {
            return "no machine has the labels that node_selector asks for"
        }
        if message.contains("taint") { return "machines are reserved by a taint: say which are meant with tolerations" }
        return nil
    }

    // MARK: - Ends

    /// The words for a pod that was deleted while it ran.
    static let removed = "its pod was deleted"

    /// How the pod ended; nil while it has not.
    static func end(_ pod: Pod) -> JobEnd? {
        let phase = pod.status?.phase ?? ""
        if let terminated = pod.own?.state?.terminated { return self.end(pod, terminated) }
        guard phase == "Failed" || phase == "Succeeded" else { return nil }
        if phase == "Succeeded" { return JobEnd(kind: .completed, reason: "Succeeded", exitCode: 0) }
        let failed = (pod.status?.initContainerStatuses ?? []).compactMap { $0.state?.terminated }
            .first { $0.exitCode != 0 }
        if let failed, pod.status?.reason == nil {
            return JobEnd(
                kind: .notStarted,
                reason: "the agent's container ended with \(failed.exitCode): \(failed.message ?? failed.reason ?? "")",
                exitCode: failed.exitCode)
        }
        let reason = self.reason(pod)
        return JobEnd(kind: self.kind(pod), reason: reason.isEmpty ? "Failed" : reason)
    }

    private static func end(_ pod: Pod, _ terminated: Pod.ContainerStatus.Terminated) -> JobEnd {
        let signal = terminated.signal ?? (terminated.exitCode > 128 ? terminated.exitCode - 128 : nil)
        if terminated.reason == "OOMKilled" {
            let limit = pod.spec?.containers?.first { $0.name == Pod.container }?.resources?.limits?["memory"]
            return JobEnd(
                kind: .outOfMemory, reason: "OOMKilled" + (limit.map { " at its limit of \($0)" } ?? ""),
                exitCode: terminated.exitCode, signal: 9)
        }
        let outer = self.reason(pod)
        if !outer.isEmpty, self.kind(pod) != .failed {
            return JobEnd(kind: self.kind(pod), reason: outer, exitCode: terminated.exitCode, signal: signal)
        }
        if terminated.exitCode == 0 { return JobEnd(kind: .completed, reason: "Completed", exitCode: 0) }
        // Drained, or deleted by somebody: whether its gang was meant with it, its owner tells.
        if pod.metadata.deletionTimestamp != nil {
            return JobEnd(
                kind: .preempted, reason: self.removed, exitCode: terminated.exitCode, signal: signal)
        }
        let starts = ["ContainerCannotRun", "StartError"]
        var reason = "\(terminated.reason ?? "Error"), exit code \(terminated.exitCode)"
        if let message = terminated.message, !message.isEmpty {
            let lines = message.split(separator: "\n").suffix(20).joined(separator: "\n")
            reason += "; its container said: \(lines)"
        }
        let isStart = starts.contains(terminated.reason ?? "")
        return JobEnd(
            kind: isStart ? .notStarted : .failed, reason: reason, exitCode: terminated.exitCode, signal: signal)
    }

    /// Why the cluster ended the pod; empty when it did not.
    private static func reason(_ pod: Pod) -> String {
        let target = pod.condition("DisruptionTarget").flatMap { $0.status == "True" ? $0 : nil }
        let word = pod.status?.reason ?? target?.reason
        let message = pod.status?.message ?? target?.message
        return [word, message].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ")
    }

    private static func kind(_ pod: Pod) -> JobEnd.Kind {
        let target = pod.condition("DisruptionTarget").flatMap { $0.status == "True" ? $0.reason : nil }
        let word = pod.status?.reason ?? target ?? ""
        switch word {
        case "DeadlineExceeded": return .timeLimit
        case "Evicted", "Preempting", "PreemptionByScheduler", "EvictionByEvictionAPI", "PreemptionByKubeScheduler":
            return .preempted
        case "NodeLost", "NodeShutdown", "Shutdown", "Terminated", "DeletionByTaintManager", "DeletionByPodGC",
            "TerminationByKubelet", "NodeAffinity", "UnexpectedAdmissionError":
            return .nodeFailed
        default: return word.hasPrefix("OutOf") ? .nodeFailed : .failed
        }
    }
}
