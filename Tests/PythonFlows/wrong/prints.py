from metaflow import FlowSpec, step, parallel, Parameter, catch, retry
class F(FlowSpec):
    @step
    def start(self):
        for _ in range(100000):
            print('y' * 79)
        raise ValueError('after eight megabytes')
        self.next(self.end)
    @step
    def end(self):
        pass
if __name__=='__main__':
    F()
