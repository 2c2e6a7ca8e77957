from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    @step
    def start(self):
        print('before')
        self.helper()
        self.next(self.end)
    def helper(self):
        return 1/0
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
