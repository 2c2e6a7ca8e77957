from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    limit = 3
    @step
    def start(self):
        self.limit = 4
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
