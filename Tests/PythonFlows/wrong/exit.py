from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    @step
    def start(self):
        import sys
        sys.exit('bye')
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
