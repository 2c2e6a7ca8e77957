import MusterModel
import Testing

@testable import MusterBackends

@Suite struct SlurmOptionsTests {
    private func refusal(_ options: [String: JSONValue]) -> String? {
        do throws(BackendError) {
            _ = try SlurmOptions(options)
            return nil
        } catch {
            #expect(error.code == .options)
            #expect(!error.isTransient)
            return error.message
        }
    }

    @Test("What a person writes in Swift, in Python or on the command line is the same")
    func forms() throws {
        let fromSwift = try SlurmOptions([
            "time": .int(90), "exclusive": .bool(true), "setup": .array([.string("module load a"), .string("b")]),
            "queueDeadline": .double(1.5), "gpus": .string("a100"), "partition": .null,
        ])
        let fromTexts = try SlurmOptions([
            "run_time_limit": .string("90"), "exclusive": .string("True"), "setup": .string("module load a\n\nb\n"),
            "queue_deadline": .string("1.5"), "gpus": .string("gpu:a100"),
        ])
        #expect(fromSwift == fromTexts)
        #expect(fromSwift.setup == ["module load a", "b"])
        #expect(fromSwift.queueDeadline == 90)
    }

    @Test("Slurm's forms of a time are taken, others are not")
    func times() {
        for time in ["5", "5:30", "1:00:00", "2-0", "2-12:30", "2-12:30:15"] {
            #expect(self.refusal(["time": .string(time)]) == nil)
        }
        for time in ["", "1h", "1:2:3:4", "-5", "1-", "1:", "5 minutes", "9999999999"] {
            #expect(self.refusal(["time": .string(time)])?.contains("D-H:M:S") == true)
        }
    }

    @Test(
        "An option that is unknown, of another kind, or would be another line of the script, is refused by its name",
        arguments: [
            ["partiton": .string("gpu")], ["partition": .string("a b")], ["partition": .string("a\n#SBATCH --uid=0")],
            ["account": .string("")], ["qos": .bool(true)], ["exclusive": .string("perhaps")],
            ["setup": .int(1)], ["setup": .string("a\0b")],
            ["constraint": .string(String(repeating: "a", count: 1025))],
            ["queueDeadline": .int(0)], ["extra": .string("rm -rf")],
        ] as [[String: JSONValue]])
    func refused(options: [String: JSONValue]) {
        let name = options.keys.first ?? ""
        #expect(self.refusal(options)?.contains(name) == true)
    }

    @Test(
        "A flag in extra that Muster sets is refused in every spelling that sbatch takes",
        arguments: [
            "--nodes=5", "--nodes 5", "-N5", "-N 5", "-HN5", "--ntasks=3", "-n3", "--job-name=x", "-Jx", "--job-na=x",
            "--output=/x", "-o/x", "--export=NONE", "--expor=NONE", "--requeue", "--array=1-9", "-a1-9", "--wrap=x",
            "--cpus-per-task=1", "-c1", "--chdir=/", "-D/", "--mail-type=END --nodes=3", "--wait", "-W", "-M other",
            "--kill-on-invalid-dep=no", "--no-kill", "-k", "--comment=x", "--parsable", "--test-only",
        ])
    func managed(line: String) {
        #expect(self.refusal(["extra": .string(line)])?.contains("which Muster sets itself") == true)
    }

    @Test(
        "Any other flag goes in as it stands",
        arguments: [
            "--mail-type=END", "--mail-user=a@b.c", "--nice=100", "--hint=nomultithread", "--begin=now+1hour", "-H",
            "--dependency=afterok:12", "--mem=0", "--tmp=10G", "-d afterok:12", "--nice -5",
            "--gres-flags=enforce-binding",
        ])
    func taken(line: String) throws {
        #expect(try SlurmOptions(["extra": .string(line)]).extra == [line])
    }
}
